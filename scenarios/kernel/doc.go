// Package kernel is the suite that takes a Linux kernel as the network: the
// catalogue on it, how faithful the proxy is to it, and programs inside it. It
// runs as root, and as anybody where user namespaces are allowed; anywhere else
// it fails. See make test-kernel.
package kernel
