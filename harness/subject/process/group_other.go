//go:build !unix

package process

import (
	"os"
	"os/exec"
)

func isolate(*exec.Cmd) {}

func ask(p *os.Process) { _ = p.Kill() }

func kill(p *os.Process) { _ = p.Kill() }

func guard(string) (tell func(int), release func()) { return func(int) {}, func() {} }

// offspring is not to be had here.
func offspring(int) []*os.Process { return nil }

// killMarked is not to be had here.
func killMarked(string) {}

// marked is not to be had here.
func marked(string) []*os.Process { return nil }
