package probe

import (
	"cmp"
	"context"
	"sync"
)

// usualFailures is how many sign-ins of a run may fail where the user does not say it: one for each family of protocols.
const usualFailures = 2

// budget counts the sign-ins of a run that may yet fail. Who signs in takes one before anything is shown to the server, and gives
// it back when that went well.
type budget struct {
	mu      sync.Mutex
	left    int
	taken   int           // by sign-ins that have not ended
	changed chan struct{} // closed and replaced when one of them ends
	pass    func()        // FTP has had its turn
	passed  chan struct{} // closed then
}

func newBudget(failures int) *budget {
	passed := make(chan struct{})
	return &budget{
		left:    cmp.Or(failures, usualFailures),
		changed: make(chan struct{}),
		pass:    sync.OnceFunc(func() { close(passed) }),
		passed:  passed,
	}
}

// takeSecond is take for SSH beside FTP. Where only one sign-in may fail FTP goes first: it gives reasons in words, SSH has none.
func (b *budget) takeSecond(ctx context.Context) bool {
	if b.single() {
		select {
		case <-b.passed:
		case <-ctx.Done():
			return false
		}
	}
	return b.take(ctx)
}

// single says whether only one more sign-in may fail.
func (b *budget) single() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left+b.taken < 2
}

// take says whether one more sign-in may fail. It waits for those under way where that depends on them.
func (b *budget) take(ctx context.Context) bool {
	for {
		ok, changed := b.try()
		if ok || changed == nil {
			return ok
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// try takes one. Where it cannot, it returns what to wait for; nil: waiting is useless.
func (b *budget) try() (ok bool, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.left > 0:
		b.left--
		b.taken++
		return true, nil
	case b.taken > 0:
		return false, b.changed
	}
	return false, nil
}

// settle ends what take began.
func (b *budget) settle(failed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken--
	if !failed {
		b.left++
	}
	close(b.changed)
	b.changed = make(chan struct{})
}
