package harness

import (
	"runtime"
	"runtime/debug"
	"strconv"
)

// versions is what a trial was made of, and the machine that it ran on.
func versions(network string) map[string]string {
	return map[string]string{
		"flatline": Version(),
		"go":       runtime.Version(),
		"os":       runtime.GOOS + "/" + runtime.GOARCH,
		"cpus":     strconv.Itoa(runtime.NumCPU()),
		"network":  network,
	}
}

// Version is Flatline's own, as the build recorded it; "(devel)" otherwise.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	const module = "github.com/flatline-go/flatline"
	if info.Main.Path == module && info.Main.Version != "" {
		return info.Main.Version
	}
	for _, dep := range info.Deps {
		if dep.Path == module {
			return dep.Version
		}
	}
	return "(devel)"
}
