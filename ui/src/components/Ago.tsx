import { ago, dateTime } from './format'
import { useNow } from './hooks'

/** A moment as "2 h ago", with the exact time for whoever asks. */
export function Ago({ at }: { at: string | null | undefined }) {
  const now = useNow()
  if (!at) return <>–</>
  return (
    <time dateTime={at} title={dateTime(at)}>
      {ago(at, now)}
    </time>
  )
}
