package apart

// question is what the parent asks, as JSON. Texts are octets, for a password that is
// no UTF-8 must arrive as it was typed.
type question struct {
	Encoded  []byte // the hash to verify; nil to make one
	Password []byte
}

// answer is what the child says to it, likewise.
type answer struct {
	Encoded  []byte `json:",omitempty"` // the hash that was made
	OK       bool   `json:",omitempty"`
	Outdated bool   `json:",omitempty"`
	Error    string `json:",omitempty"`
}
