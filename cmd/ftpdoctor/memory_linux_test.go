package main

import (
	"io"
	"os/exec"
	"syscall"
	"testing"
)

// BenchmarkMemory measures what a run needs at most, the whole lab included. The limit lets it run on a small computer.
func BenchmarkMemory(b *testing.B) {
	binary, _ := buildRelease(b)
	var peak int64
	for b.Loop() {
		cmd := exec.Command(binary, "demo", "healthy-files-com", "--quiet")
		cmd.Stdout = io.Discard
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, usage.Maxrss<<10) // in KiB, getrusage(2)
		}
	}
	b.ReportMetric(float64(peak)/mib, "MiB-peak")
	if peak == 0 || peak > 64*mib {
		b.Errorf("a run needed %d bytes, want at most 64 MiB", peak)
	}
}
