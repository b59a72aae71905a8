package packaging

import "errors"

// ErrUnservable says that a model can be stored but not yet given to a container. See Model.Unservable.
var ErrUnservable = errors.New("not yet servable")
