package fsm

import "time"

// keepDeleted is how long the rows of deleted backups and of jobs that have ended
// can still be looked at.
const keepDeleted = 90 * 24 * time.Hour

// forgetDeleted drops the rows of backups deleted, and of jobs ended, long ago, a
// few at a time.
func (tx *Tx) forgetDeleted() {
	var backups, jobs []string
	for _, b := range tx.Backups.Walk("gone", false, nil) {
		if len(backups) == 4 || b.UpdatedAt.Add(keepDeleted) > tx.At {
			break
		}
		backups = append(backups, b.ID)
	}
	for _, j := range tx.Jobs.Walk("ended", false, nil) {
		if len(jobs) == 4 || j.FinishedAt.Add(keepDeleted) > tx.At {
			break
		}
		jobs = append(jobs, j.ID)
	}
	for _, j := range tx.Jobs.Walk("reported", false, nil) {
		if len(jobs) == 8 || j.FinishedAt.Add(keepReports) > tx.At {
			break
		}
		jobs = append(jobs, j.ID)
	}
	for _, id := range backups {
		drop(tx, &tx.Backups, id)
		drop(tx, &tx.Warnings, id)
	}
	for _, id := range jobs {
		drop(tx, &tx.Jobs, id)
		drop(tx, &tx.Warnings, id)
	}
}
