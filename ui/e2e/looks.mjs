import { expect, Window } from './lib.mjs'

const scenes = [
  ['overview', '/', 'Overview'],
  ['nodes', '/nodes', 'Nodes'],
  ['backups', '/backups', 'Backups'],
  ['tasks', '/tasks', 'Tasks'],
  ['schedules', '/schedules', 'Schedules'],
  ['clients', '/clients', 'Clients'],
  ['repositories', '/repositories', 'Repositories'],
  ['find', '/find', 'Find a file'],
  ['restores', '/restores', 'Restores'],
  ['drills', '/drills', 'Restore drills'],
  ['verifications', '/verifications', 'Verifications'],
  ['approvals', '/approvals', 'Approvals'],
  ['users', '/users', 'Users'],
  ['sync', '/sync', 'Synchronisation'],
  ['groups', '/groups', 'Groups & rights'],
  ['tokens', '/tokens', 'Tokens'],
  ['alerts', '/alerts', 'Alerts'],
  ['cluster', '/cluster', 'Cluster'],
  ['certificates', '/certificates', 'Certificates'],
  ['audit', '/audit', 'Audit log'],
  ['settings', '/settings', 'Settings'],
]

/** Every page, light and dark, on a desk and in a hand: whole, accessible, without complaints. */
export async function looks(report, browser, grid, manager) {
  for (const small of [false, true]) {
    for (const dark of [false, true]) {
      const kind = `${small ? 'phone' : 'desktop'}-${dark ? 'dark' : 'light'}`
      await report.check(`all pages on a ${kind.replace('-', ', ')}: they fit, and axe finds nothing`, async () => {
        const window = await Window.open(browser, manager.url, { small, dark })
        await window.login(grid.admin)
        for (const [name, path, title] of scenes) {
          await window.go(path)
          await window.page.getByRole('heading', { name: title, exact: true }).waitFor()
          await window.page.waitForTimeout(500)
          await window.fits()
          await window.accessible()
          await window.picture(`${name}-${kind}`)
        }
        if (small) await phone(window)
        expect(window.complaints.length === 0, window.complaints.join('\n'))
        await window.context.close()
      })
    }
  }
}

async function phone(window) {
  const { page } = window
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('dialog', { name: 'Navigation' }).getByRole('link', { name: 'Nodes' }).click()
  await page.getByRole('heading', { name: 'Nodes' }).waitFor()
  await page.locator('.grid-card').first().waitFor()
  await window.fits()
}
