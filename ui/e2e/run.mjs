// Drives the console in Chromium against a real grid:
//   node e2e/run.mjs DIR/dev.json
// One line for each check; exits with 1 when any failed. The grid has lost a
// manager afterwards. BCM_SHOTS names a folder for pictures, BCM_CHROMIUM
// another browser.
import { readFileSync } from 'node:fs'
import { approvals } from './approvals.mjs'
import { backups } from './backups.mjs'
import { clients } from './clients.mjs'
import { Grid } from './grid.mjs'
import { leader } from './leader.mjs'
import { expect, launch, Report, Window } from './lib.mjs'
import { looks } from './looks.mjs'
import { nodes } from './nodes.mjs'
import { operate } from './operate.mjs'
import { restores } from './restores.mjs'
import { scroll } from './scroll.mjs'
import { servers } from './servers.mjs'
import { tasks } from './tasks.mjs'
import { users } from './users.mjs'

if (process.argv.length !== 3) {
  console.error('usage: node e2e/run.mjs DIR/dev.json')
  process.exit(2)
}

const report = new Report()
const grid = new Grid(JSON.parse(readFileSync(process.argv[2], 'utf8')))
const browser = await launch()
try {
  await grid.withoutServers()
  const manager = await grid.follower()
  const window = await Window.open(browser, manager.url)
  await login(window)
  await nodes(report, window, grid)
  await users(report, window, grid)
  await tasks(report, window, grid)
  await backups(report, window, grid)
  await restores(report, window, grid)
  await clients(report, window, grid)
  await approvals(report, window, grid, browser, manager)
  await servers(report, window, grid)
  await operate(report, window, grid)
  await looks(report, browser, grid, manager)
  await report.check('the console of the browser has nothing to say', async () => {
    expect(window.complaints.length === 0, window.complaints.join('\n'))
  })
  await window.context.close()
  await leader(report, browser, grid)
  await scroll(report, browser)
} catch (error) {
  await report.check('the run itself', () => Promise.reject(error))
} finally {
  await browser.close()
}

console.log(`${report.passed} passed, ${report.failed} failed`)
process.exit(report.failed === 0 ? 0 : 1)

async function login(window) {
  const { page } = window
  await report.check('the page has a policy with a nonce, and is not kept by caches', async () => {
    const answer = await window.go('/login')
    const headers = answer.headers()
    expect(/style-src 'self' 'nonce-[^']{16,}'/.test(headers['content-security-policy'] ?? ''), headers['content-security-policy'])
    expect(headers['cache-control'] === 'no-store', headers['cache-control'])
  })
  await report.check('who is not logged in is asked to, and told which manager answers', async () => {
    await window.expecting(/401/, async () => {
      await window.go('/nodes?status=offline')
      await page.waitForURL(/\/login\?next=/)
    })
    await page.getByText(/manager-\d answers\. manager-\d leads\./).waitFor()
    await window.accessible()
    await window.picture('login')
  })
  await report.check('a wrong password is refused, without a hint at which was wrong', async () => {
    await window.expecting(/401/, async () => {
      for (const name of [grid.admin.name, 'nobody']) {
        await page.getByLabel('Name').fill(name)
        await page.getByLabel('Password', { exact: true }).fill('wrong')
        await page.getByRole('button', { name: 'Log in' }).click()
        await page.getByText('Name or password is wrong.').waitFor()
      }
    })
  })
  await report.check('the right password opens the overview, live', async () => {
    await window.login(grid.admin)
    await page.locator('header').getByText('Live', { exact: true }).waitFor()
    await page.getByText(`${grid.members.length} nodes.`, { exact: false }).first().waitFor()
  })
  await report.check('the overview shows every member of a small grid, and which one leads', async () => {
    const card = page.locator('section', { has: page.getByRole('heading', { name: 'Topology' }) })
    for (const { name } of grid.members) await card.getByRole('link', { name }).waitFor()
    const leads = card.getByRole('link', { name: /leader/ })
    expect((await leads.innerText()).includes(await grid.leaderName()), `the picture says ${await leads.innerText()}`)
  })
}
