import { Drawer, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { spotlight } from '@mantine/spotlight'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { live, topicsFor } from '../api/live'
import { useMe } from '../api/session'
import { searchFieldId, shortcuts, useShortcuts } from '../components/shortcuts'
import { Banner } from './Banner'
import { Palette } from './Palette'
import { Rail } from './Rail'
import { TopBar } from './TopBar'
import './shell.css'

/** The frame around every page: rail, top bar, banner, palette, help. */
export function Shell() {
  const [menu, setMenu] = useDisclosure(false)
  const [help, setHelp] = useDisclosure(false)
  const navigate = useNavigate()
  const { rights } = useMe()
  useEffect(() => {
    live.start(topicsFor(rights))
    return () => live.stop()
  }, [rights])
  useShortcuts({
    '/': () => (document.getElementById(searchFieldId) ? document.getElementById(searchFieldId)!.focus() : spotlight.open()),
    '?': setHelp.open,
    'g o': () => void navigate({ to: '/' }),
    'g n': () => void navigate({ to: '/nodes' }),
    'g b': () => void navigate({ to: '/backups' }),
    'g u': () => void navigate({ to: '/users' }),
  })
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <aside className="shell-rail" aria-label="Navigation">
        <Rail />
      </aside>
      <TopBar onMenu={setMenu.open} onHelp={setHelp.open} />
      <main id="main" className="shell-main" tabIndex={-1}>
        <Banner />
        <Outlet />
      </main>
      <Drawer.Root opened={menu} onClose={setMenu.close} position="left" size={264}>
        <Drawer.Overlay />
        <Drawer.Content aria-label="Navigation">
          <Drawer.Body>
            <Rail onGo={setMenu.close} />
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      <Palette />
      <Modal opened={help} onClose={setHelp.close} title="Keyboard">
        <dl className="help">
          {shortcuts.map(({ keys, does }) => (
            <div key={does}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </Modal>
    </div>
  )
}
