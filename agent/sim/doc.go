// Package sim simulates the roles of a node, so that a grid can be larger than
// the machine it is tried on: it takes orders, tells of progress and ends as a
// real role would, and moves no data.
//
// What happens to an attempt is a function of the seed, the run's id and the
// attempt's number: the same grid tried twice does the same.
package sim
