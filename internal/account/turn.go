package account

import (
	"context"
	"errors"
	"time"

	"matricula/internal/password"
)

// holdBack is how long who is refused waits for the answer. A caller that tried again
// at once, and again, would take more of the processor than the hash it wants.
const holdBack = 250 * time.Millisecond

// takeTurn answers a context under which passwords are hashed on behalf of a caller:
// by turns among the client networks, and every second one for callers who have
// shown who they are. Where none would come in time it refuses with Busy, before
// anything is counted or written: a storm of sign-ins costs the database nothing.
// done must be called in the end.
func (s *Service) takeTurn(ctx context.Context, c Caller, known bool) (turn context.Context, done func(), err error) {
	network := ""
	if c.Client.IsValid() {
		network = string(networkOf(c.Client))
	}
	turn, done, err = s.config.Hasher.Reserve(password.From(ctx, network, known))
	if errors.Is(err, password.ErrBusy) {
		select {
		case <-time.After(holdBack):
		case <-ctx.Done():
		}
	}
	return turn, done, hashing(err)
}

// takeTurnAt does so for somebody who wants to try a password of an address.
func (s *Service) takeTurnAt(ctx context.Context, c Caller, key string, session []byte) (turn context.Context, done func(), err error) {
	if s.config.Limits.Off {
		return s.takeTurn(ctx, c, false) // nobody is known then
	}
	own, err := s.laneOf(s.store.Read(ctx), c, key, session, s.now())
	if err != nil {
		return nil, nil, err
	}
	// Not for a network: how soon others on it are served must not tell that it is known.
	return s.takeTurn(ctx, c, own.isOwners())
}
