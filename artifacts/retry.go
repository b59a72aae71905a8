package artifacts

import "time"

// TemporaryError says that the same request may well succeed later: an origin that is overloaded (429, 503), failing (5xx),
// silent, or whose connection broke. Callers find it with errors.As and a *TemporaryError. Everything else is permanent:
// asking again changes nothing.
type TemporaryError struct {
	// Err is what happened; never nil.
	Err error
	// RetryAfter is how long to wait at least before the next attempt, as the origin asked (RFC 9110, section 10.2.3);
	// 0 if it did not say.
	RetryAfter time.Duration
}

// Error returns the text of Err.
func (e *TemporaryError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *TemporaryError) Unwrap() error { return e.Err }
