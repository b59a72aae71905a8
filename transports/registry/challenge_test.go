package registry

import (
	"net/http"
	"reflect"
	"testing"
)

func TestParseChallenges(t *testing.T) {
	bearer := challenge{"bearer", map[string]string{"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"}}
	basic := challenge{"basic", map[string]string{"realm": "x"}}
	for _, c := range []struct {
		headers []string
		want    []challenge
	}{
		{nil, nil},
		{[]string{`Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"`}, []challenge{bearer}},
		{[]string{`bearer Realm = "https://a/t" , service=s, scope="repository:x:pull,push"`}, []challenge{bearer}},
		{[]string{`Basic realm="x"`, `Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"`}, []challenge{basic, bearer}},
		{[]string{`Basic realm="x", Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"`}, []challenge{basic, bearer}},
		{[]string{`Basic`}, []challenge{{"basic", map[string]string{}}}},
		{[]string{`Negotiate, Basic realm="x"`}, []challenge{{"negotiate", map[string]string{}}, basic}},
		{[]string{`Basic realm="a\"b"`}, []challenge{{"basic", map[string]string{"realm": `a"b`}}}},
		{[]string{`Basic realm="open`}, []challenge{{"basic", map[string]string{}}}},
		{[]string{`Basic realm=,charset=utf-8`}, []challenge{{"basic", map[string]string{"realm": "", "charset": "utf-8"}}}},
		{[]string{`"quoted"`, `=`, ``}, nil},
	} {
		got := parseChallenges(http.Header{"Www-Authenticate": c.headers})
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v", c.headers, got)
		}
	}
}

func FuzzParseChallenges(f *testing.F) {
	f.Add(`Bearer realm="https://a/t",service="s"`)
	f.Add(`Basic realm="a\"b", X y=z`)
	f.Fuzz(func(t *testing.T, header string) {
		for _, c := range parseChallenges(http.Header{"Www-Authenticate": {header}}) {
			if c.scheme == "" || c.params == nil {
				t.Errorf("%q: %v", header, c)
			}
		}
	})
}
