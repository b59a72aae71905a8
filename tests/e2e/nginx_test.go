//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// nginx is a real web server in the lab. Below its own address: / has validators and ranges, /whole/ no ranges, /zip/ compresses
// what it may, /slow/ sends 20 MB/s to each connection, /private/ wants me:secret and leads to another host, which refuses
// credentials.
type nginx struct {
	Dir, CA, Addr string // folder with www, cert folder for --cert-dir, https address
	lab           Lab
}

const nginxConfig = `pid DIR/pid; error_log DIR/error.log; worker_processes 1;
user root;
events { worker_connections 256; }
http {
  log_format bytes '$body_bytes_sent $status $request_uri';
  access_log DIR/access.log bytes;
  client_body_temp_path DIR/t1; proxy_temp_path DIR/t2; fastcgi_temp_path DIR/t3; uwsgi_temp_path DIR/t4; scgi_temp_path DIR/t5;
  default_type application/octet-stream;
  ssl_certificate DIR/tls.crt; ssl_certificate_key DIR/tls.key;
  server {
    listen 127.0.0.1:PORT ssl;
    root DIR/www;
    location /whole/ { alias DIR/www/; max_ranges 0; }
    location /zip/ { alias DIR/www/; gzip on; gzip_types *; gzip_min_length 0; }
    location /slow/ { alias DIR/www/; limit_rate 20m; }
    location /private/ {
      auth_basic lab; auth_basic_user_file DIR/users;
      alias DIR/nothing/; error_page 404 = @away;
    }
    location @away { rewrite ^/private/(.*)$ https://localhost:OTHER/$1?signature=secret redirect; }
  }
  server {
    listen 127.0.0.1:OTHER ssl;
    if ($http_authorization) { return 400; }
    root DIR/www;
  }
}
`

func (l Lab) startNginx(t *testing.T) nginx {
	t.Helper()
	dir := strings.TrimSpace(l.MustRun(t, "mktemp", "-d", "/var/tmp/nginx.XXXXXX"))
	port := 30000 + 2*rand.IntN(1000)
	config := strings.NewReplacer("DIR", dir, "PORT", strconv.Itoa(port), "OTHER", strconv.Itoa(port+1)).Replace(nginxConfig)
	l.Stdin(config).MustRun(t, "sh", "-ec", fmt.Sprintf(`cd %s; chmod 755 .; mkdir www certs; cat >conf
		{ openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=lab CA' -keyout ca.key -out certs/ca.crt
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout tls.key -out tls.csr
		printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >san
		openssl x509 -req -in tls.csr -CA certs/ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out tls.crt; } 2>openssl.log
		printf 'me:%%s\n' "$(openssl passwd -apr1 secret)" >users
		nginx -c %[1]s/conf -e %[1]s/error.log`, dir))
	t.Cleanup(func() { l.Run(t, "sh", "-c", "kill $(cat "+dir+"/pid); rm -rf "+dir) })
	return nginx{Dir: dir, CA: dir + "/certs", Addr: "https://127.0.0.1:" + strconv.Itoa(port), lab: l}
}

// sent is how many bytes of bodies went out for addresses that contain a text.
func (n nginx) sent(t *testing.T, about string) int64 {
	t.Helper()
	out := n.lab.MustRun(t, "sh", "-c", `awk -v what="`+about+`" 'index($3, what) { n += $1 } END { printf "%d", n }' `+n.Dir+`/access.log`)
	sum, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
