// Package plan is what the leader decides: pure functions from a view of the
// state and the time to the commands that bring what is nearer to what should
// be.
//
// A plan looks at the whole state each time and at nothing else. What it may
// remember saves it work and changes no decision, so that a new leader goes on
// where the last one stopped, and every command that it gives is idempotent by its
// id or guarded by what the plan saw, so that two leaders, or a late one, do no
// harm. When the commands of a plan have been carried out, the plan has none left.
//
// Plans run after every change of the state, so they begin with the indexes that
// hold what is unfinished, and never scan what only grows.
//
// The package imports fsm and, to read cron expressions, robfig/cron. It does no
// I/O but one: a time zone is looked up by its name in the zone database.
package plan
