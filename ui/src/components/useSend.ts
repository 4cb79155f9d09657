import { useRef, useState } from 'react'
import { requestId } from '../api/client'
import { asProblem, type Problem } from '../api/problem'

/**
 * Sends what a form asks for. The act gets an id for its request: when no answer
 * came, trying again is the same wish and has no second effect.
 */
export function useSend() {
  const wish = useRef(requestId())
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const send = async (act: (wish: string) => Promise<void>) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await act(wish.current)
    } catch (thrown) {
      const failed = asProblem(thrown)
      if (!failed.passing) wish.current = requestId()
      setProblem(failed)
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, send }
}
