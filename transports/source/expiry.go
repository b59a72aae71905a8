package source

import (
	"net/url"
	"strconv"
	"time"
)

// expiry says when a signed URL stops working: CloudFront, GCS and S3 version 2 (Expires), S3 version 4 (X-Amz-Date and
// X-Amz-Expires), GCS version 4 (X-Goog-Date and X-Goog-Expires), Azure (se). The zero Time if it does not say.
func expiry(u *url.URL) time.Time {
	q := u.Query()
	if seconds, err := strconv.ParseInt(q.Get("Expires"), 10, 64); err == nil {
		return time.Unix(seconds, 0)
	}
	for _, vendor := range []string{"X-Amz-", "X-Goog-"} {
		at, err := time.Parse("20060102T150405Z", q.Get(vendor+"Date"))
		seconds, err2 := strconv.ParseInt(q.Get(vendor+"Expires"), 10, 32)
		if err == nil && err2 == nil {
			return at.Add(time.Duration(seconds) * time.Second)
		}
	}
	if at, err := time.Parse(time.RFC3339, q.Get("se")); err == nil {
		return at
	}
	return time.Time{}
}
