import { notifications } from '@mantine/notifications'
import { asProblem } from '../api/problem'

/** Says that something was done. */
export function tell(message: string) {
  notifications.show({ message, color: 'accent', withBorder: true })
}

/** Says that something failed, and why. */
export function tellProblem(title: string, thrown: unknown) {
  const problem = asProblem(thrown)
  const id = problem.requestId ? ` (request ${problem.requestId})` : ''
  notifications.show({ title, message: problem.message + id, color: 'danger', withBorder: true, autoClose: 10_000 })
}

/**
 * Does the same to many things, a few at a time, and says how it went. The ids
 * of those that failed are returned, so that they can stay selected.
 */
export async function each(ids: string[], done: (n: number) => string, act: (id: string) => Promise<unknown>): Promise<string[]> {
  const failed: string[] = []
  let reason: unknown
  const waiting = [...ids]
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await act(id)
      } catch (thrown) {
        failed.push(id)
        reason ??= thrown
      }
    }
  }
  await Promise.all([work(), work(), work(), work()])
  if (failed.length < ids.length) tell(done(ids.length - failed.length))
  if (failed.length > 0) tellProblem(`${failed.length} of ${ids.length} failed`, reason)
  return failed
}
