package cli

import (
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/suggest"
	"github.com/paddock-dev/paddock/transports/hf"
	"github.com/paddock-dev/paddock/transports/hub"
	"github.com/paddock-dev/paddock/transports/repofiles"
)

// hintHub is for failures of sites with repositories of files; "" for any other.
func hintHub(err error) string {
	var access *hub.AccessError
	var missing *hub.MissingError
	var choice *repofiles.ChoiceError
	var offline *hf.OfflineError
	var later *artifacts.TemporaryError
	switch {
	case errors.As(err, &access):
		return hintAccess(access)
	case errors.As(err, &missing) && missing.Variable != "" && missing.Sent:
		return "check the spelling; if it is private, the account of the token in " + missing.Variable + " must be allowed to read it"
	case errors.As(err, &missing) && missing.Variable != "":
		return "check the spelling; if it is private, set " + missing.Variable + " to a token of an account that may read it"
	case errors.As(err, &choice):
		return hintChoice(choice)
	case errors.As(err, &offline):
		return "unset HF_HUB_OFFLINE"
	case errors.As(err, &later) && later.RetryAfter > 0:
		return "the site wants to be left alone for " + later.RetryAfter.String()
	}
	return ""
}

func hintAccess(e *hub.AccessError) string {
	switch {
	case e.Page != "" && e.Sent:
		return "ask for access at " + e.Page + " with the account of the token in " + e.Variable
	case e.Page != "":
		return "ask for access at " + e.Page + ", then set " + e.Variable + " to a token of that account"
	case e.Sent:
		return "make a new token, and put it into " + e.Variable
	}
	return "set " + e.Variable + " to a token of an account that may read it"
}

// hintChoice names the choice that was probably meant.
func hintChoice(e *repofiles.ChoiceError) string {
	if e.Ambiguous && len(e.Choices) > 0 {
		return "put the path behind the repository: ORG/REPO/" + e.Choices[0]
	}
	if near := suggest.Nearest(e.Asked, e.Choices); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}
