package fsm

import "strings"

// pool lets rows that are read from a snapshot have texts in common, as rows
// that commands made have: it takes a third off the memory of a backup.
type pool struct {
	texts map[string]string
	lists map[string][]string
}

func newPool() *pool { return &pool{make(map[string]string), make(map[string][]string)} }

// text gives each of the texts the memory of the first one that was equal.
func (p *pool) text(each ...*string) {
	for _, s := range each {
		first, ok := p.texts[*s]
		if !ok {
			first = *s
			p.texts[first] = first
		}
		*s = first
	}
}

// list does so for a list of texts.
func (p *pool) list(list *[]string) {
	if *list == nil {
		return
	}
	key := strings.Join(*list, "\x00")
	first, ok := p.lists[key]
	if !ok {
		first = *list
		p.lists[key] = first
	}
	*list = first
}
