import { ActionIcon, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { spotlight } from '@mantine/spotlight'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useLiveState } from '../api/live'
import { logout, useMe } from '../api/session'
import { dateTime, timeOfDay } from '../components/format'
import { IconKeyboard, IconLogout, IconMenu, IconMoon, IconSearch, IconSun } from '../components/icons'
import { tellProblem } from '../components/notify'
import { initials } from './initials'

interface Props {
  onMenu: () => void
  onHelp: () => void
}

/** Search, how live the page is, colours, and who is logged in. */
export function TopBar({ onMenu, onHelp }: Props) {
  return (
    <header className="shell-top">
      <ActionIcon size={32} className="only-phone" aria-label="Menu" onClick={onMenu}>
        <IconMenu size={20} />
      </ActionIcon>
      <button type="button" className="search-button" onClick={spotlight.open}>
        <IconSearch size={16} aria-hidden="true" />
        <span>Search or jump to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className="shell-gap" />
      <LiveMark />
      <SchemeButton />
      <Account onHelp={onHelp} />
    </header>
  )
}

const phases = {
  off: { tone: 'grey', word: 'Not connected', says: 'There is no connection for live changes.' },
  connecting: { tone: 'grey', word: 'Connecting', says: 'Waiting for the stream of changes.' },
  live: { tone: 'green', word: 'Live', says: 'Changes show up by themselves.' },
  reconnecting: { tone: 'amber', word: 'Reconnecting', says: 'The stream of changes broke off. What you see is as it was then.' },
}

function LiveMark() {
  const { phase, since } = useLiveState()
  const { tone, word, says } = phases[phase]
  return (
    <Tooltip label={`${says} Since ${timeOfDay(since)}.`}>
      <span className={`live tone-${tone}`} role="status" title={dateTime(new Date(since).toISOString())}>
        <span className="live-dot" aria-hidden="true" />
        <span className="live-text">{word}</span>
      </span>
    </Tooltip>
  )
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon size={32} aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
      {scheme === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />}
    </ActionIcon>
  )
}

function Account({ onHelp }: { onHelp: () => void }) {
  const me = useMe()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const leave = async () => {
    try {
      await logout(queries)
      await navigate({ to: '/login', search: {} })
    } catch (thrown) {
      tellProblem('Still logged in', thrown)
    }
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className="avatar">
          <span aria-hidden="true">{initials(me.user.name)}</span>
          <span className="visually-hidden">Account of {me.user.name}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.user.name}
          {me.groups.length > 0 && `, ${me.groups.join(', ')}`}
        </Menu.Label>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onHelp}>
          Keyboard
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
