package account

// DecoyFor lets tests see which class of hash an unknown address seems to have.
func (s *Service) DecoyFor(key string) string { return s.decoyFor(key) }
