// Package remedy holds the error that says what the user can do about it.
package remedy

import (
	"errors"
	"fmt"
)

// Error is a failure with the next step. Its text is the failure alone.
type Error struct {
	Err  error
	Step string
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the failure without the step.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error of a format as fmt.Errorf reads it (%w wraps), with
// the step that mends it: a lower-case sentence without a full stop.
func Errorf(step, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Step: step}
}

// Step gives the step of the first Error in err's chain, or "".
func Step(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Step
	}
	return ""
}
