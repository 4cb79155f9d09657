// Package roletest is the contract that every [agent.Role] passes.
package roletest
