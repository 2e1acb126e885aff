package main

import (
	"os"
	"path/filepath"
	"strings"
)

// program is how a user calls this one: go run builds it in a folder that is gone
// afterwards.
func program() string {
	path, err := os.Executable()
	if err != nil || strings.Contains(filepath.ToSlash(path), "/go-build") {
		return "go run ./cmd/flatline"
	}
	return "flatline"
}
