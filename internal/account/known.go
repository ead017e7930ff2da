package account

import (
	"time"

	"matricula/internal/token"
)

// How long an address knows a network and a browser that signed in to it, and how
// many of both at most.
const (
	networkLife = 30 * 24 * time.Hour
	DeviceLife  = 180 * 24 * time.Hour // also the life of the cookie
	mostKnown   = 20
)

// A proof is what an address knows a caller by. It is a keyed digest with the address
// in it: the rows of one network for two addresses have nothing in common.

// deviceProof is that of the browser which brought this secret along, zero without.
func (s *Service) deviceProof(key string, device token.Secret) token.Digest {
	if device.IsZero() {
		return token.Digest{}
	}
	return s.config.Master.MAC("known device", []byte(key), []byte(device.Reveal()))
}

// networkProof is that of the caller's network, zero where it has none.
func (s *Service) networkProof(key string, c Caller) token.Digest {
	if !c.Client.IsValid() {
		return token.Digest{}
	}
	return s.config.Master.MAC("known network", []byte(key), networkOf(c.Client))
}

// sessionProof is that of a live session of the very account.
func (s *Service) sessionProof(key string, session []byte) token.Digest {
	return s.config.Master.MAC("known session", []byte(key), session)
}

// remember makes the caller's network and browser known to the address. It is
// written with the sign-in that shows it.
func (s *Service) remember(tx Tx, c Caller, key string, now time.Time) error {
	if s.config.Limits.Off {
		return nil
	}
	known := s.digest("known", key)
	for _, by := range []struct {
		proof token.Digest
		life  time.Duration
	}{{s.networkProof(key, c), networkLife}, {s.deviceProof(key, c.Device), DeviceLife}} {
		if by.proof == (token.Digest{}) {
			continue
		}
		if err := tx.AddKnown(known, by.proof, now, now.Add(by.life), mostKnown); err != nil {
			return err
		}
	}
	return nil
}

// deviceOf answers the secret that the browser is known by from now on: the one that
// it brought, which may be known to other addresses too, or a new one.
func (s *Service) deviceOf(c Caller) token.Secret {
	fresh := token.NewSecret()
	switch {
	case s.config.Limits.Off:
		return token.Secret{}
	case len(c.Device.Reveal()) == len(fresh.Reveal()):
		return c.Device
	}
	return fresh
}

// forgetTries forgets the failures in every lane of an address, and whom it knows.
func (s *Service) forgetTries(tx Tx, key string) error {
	if err := tx.ForgetFailures(s.digest("failures", key)); err != nil {
		return err
	}
	return tx.ForgetKnown(s.digest("known", key))
}
