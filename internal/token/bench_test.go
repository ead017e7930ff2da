package token

import "testing"

func BenchmarkSignAccess(b *testing.B) {
	i, _ := newTestIssuer(b)
	for b.Loop() {
		must(b)(i.SignAccess(testAccess))
	}
}

func BenchmarkParseAccessCold(b *testing.B) {
	i, _ := newTestIssuer(b)
	s := must(b)(i.SignAccess(testAccess))
	for b.Loop() {
		if _, err := i.verifyAccess(i.ring.Load(), s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAccessWarm(b *testing.B) {
	i, _ := newTestIssuer(b)
	s := must(b)(i.SignAccess(testAccess))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := i.ParseAccess(s, testNow); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkParseRefresh(b *testing.B) {
	i, _ := newTestIssuer(b)
	s := must(b)(i.SignRefresh(testRefresh))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.ParseRefresh(s, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseMailToken(b *testing.B) {
	i, _ := newTestIssuer(b)
	s := i.MailToken(ConfirmMail, testID)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.ParseMailToken(ConfirmMail, s); err != nil {
			b.Fatal(err)
		}
	}
}
