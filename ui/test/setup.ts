import '@testing-library/jest-dom/vitest'
import { afterEach } from 'vitest'

/** What the component library asks of a browser and jsdom lacks. */
async function furnish() {
  const { cleanup } = await import('@testing-library/react')
  afterEach(cleanup)
  window.matchMedia = (query: string) =>
    ({
      matches: false,
      media: query,
      onchange: null,
      addEventListener: () => {},
      removeEventListener: () => {},
      addListener: () => {},
      removeListener: () => {},
      dispatchEvent: () => false,
    }) as MediaQueryList
  window.ResizeObserver = class implements ResizeObserver {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  Element.prototype.scrollIntoView = () => {}
  Element.prototype.scrollTo = () => {}
  // Everything is as large as a small window, so that a virtual list has rows in sight.
  for (const [side, size] of Object.entries({ offsetHeight: 600, clientHeight: 600, offsetWidth: 1200, clientWidth: 1200 })) {
    Object.defineProperty(HTMLElement.prototype, side, { get: () => size })
  }
}

if (typeof window !== 'undefined') await furnish()
