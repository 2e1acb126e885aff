//go:build !linux

package sockets

import "errors"

// All is not to be had here: the error is errors.ErrUnsupported.
func All() ([]Socket, error) { return nil, errors.ErrUnsupported }

// Own is not to be had here either.
func Own() (map[string]bool, error) { return nil, errors.ErrUnsupported }

// Of is not to be had here either.
func Of(int) (map[string]bool, error) { return nil, errors.ErrUnsupported }

// Holder is not to be had here.
func Holder(string) string { return "" }
