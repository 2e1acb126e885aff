package scenarios_test

import (
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/scenarios"
)

var _ = Describe("The catalogue's entries", func() {
	It("have names of their own that fit flags and files, and a claim that is a sentence", func() {
		seen := map[string]bool{}
		for _, s := range scenarios.All() {
			Expect(s.Name).To(MatchRegexp(`^[a-z]+(-[a-z]+)*$`))
			Expect(seen).NotTo(HaveKey(s.Name))
			seen[s.Name] = true
			Expect(s.Claim).To(MatchRegexp(`^[A-Z].*\.$`), s.Name)
			Expect(regexp.MustCompile(`\.\s`).MatchString(s.Claim)).To(BeFalse(), "%s: one sentence", s.Name)
			Expect(policiesFor(s)).NotTo(BeEmpty(), s.Name)
		}
	})
})
