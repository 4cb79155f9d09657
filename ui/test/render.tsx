import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import type { ReactNode } from 'react'

/** Renders what needs the component library and a cache, which is given back. */
export function show(node: ReactNode) {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const wrap = (children: ReactNode) => (
    <MantineProvider env="test">
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </MantineProvider>
  )
  const screen = render(wrap(node))
  return { queries, again: (other: ReactNode) => screen.rerender(wrap(other)) }
}
