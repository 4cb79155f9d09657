import '@fontsource-variable/inter/wght.css'
import './app/mantine.css'
import './app/tokens.css'
import './app/base.css'
import './app/nonce'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { wire } from './api/client'
import { bindLive, keys, newQueryClient } from './api/queries'
import { styleNonce } from './app/nonce'
import { newRouter } from './app/router'
import { resolver, theme } from './app/theme'

const queries = newQueryClient()
const router = newRouter(queries)
bindLive(queries)

// The session ended at the server: ask for the password, then come back.
wire.onLoggedOut = () => {
  if (queries.getQueryData(keys.me) === undefined) return // there was none: the router asks for a login
  queries.removeQueries()
  void router.navigate({ to: '/login', search: { next: router.state.location.href } })
}

// After an upgrade of the manager an open tab may ask for files that are gone.
window.addEventListener('vite:preloadError', (event) => {
  const key = 'bcm-reloaded'
  if (Date.now() - Number(sessionStorage.getItem(key)) < 60_000) return // it did not help
  sessionStorage.setItem(key, String(Date.now()))
  event.preventDefault()
  window.location.reload()
})

const scheme = localStorageColorSchemeManager({ key: 'bcm-color-scheme' })

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      colorSchemeManager={scheme}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
