import { useMediaQuery } from '@mantine/hooks'
import { useEffect, useState, useSyncExternalStore } from 'react'

/** Whether the window is as narrow as a phone. */
export function useNarrow(): boolean {
  return useMediaQuery('(max-width: 700px)', undefined, { getInitialValueInEffect: false }) ?? false
}

/** True once the condition has held for so long; false at once when it ends. */
export function useDelayed(condition: boolean, ms: number): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    if (!condition) return setLate(false)
    const timer = setTimeout(() => setLate(true), ms)
    return () => clearTimeout(timer)
  }, [condition, ms])
  return condition && late
}

/** A clock for everything that says "2 min ago": one timer for the whole tab. */
class Clock {
  private now = Date.now()
  private readonly listeners = new Set<() => void>()
  private timer: ReturnType<typeof setInterval> | undefined

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    this.timer ??= setInterval(() => this.tick(), 1000)
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size > 0) return
      clearInterval(this.timer)
      this.timer = undefined
    }
  }

  readonly read = () => this.now

  private tick() {
    this.now = Date.now()
    this.listeners.forEach((listener) => listener())
  }
}

const seconds = new Clock()

/** The time, told once a second. */
export function useNow(): number {
  return useSyncExternalStore(seconds.subscribe, seconds.read)
}
