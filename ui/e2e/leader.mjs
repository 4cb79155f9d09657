import { expect, until, Window } from './lib.mjs'

/** The page of a manager that does not lead lives on when the leader is killed. */
export async function leader(report, browser, grid) {
  const window = await Window.open(browser, (await grid.follower()).url)
  const { page } = window
  const foot = page.locator('.rail-foot').first()
  await window.login(grid.admin)

  await report.check('a quiet stream stays open', async () => {
    await page.locator('header').getByText('Live', { exact: true }).waitFor()
    await page.waitForTimeout(12_000)
    await page.locator('header').getByText('Live', { exact: true }).waitFor({ timeout: 1000 })
  })

  let total = 0
  let lost
  let orphan
  await report.check('the page stays alive when the leader is killed', async () => {
    await window.go('/nodes')
    total = (await grid.ask('GET', '/v1/nodes?limit=1')).total // with the servers that were added
    await window.count(total)
    await page.evaluate(() => (window.untouched = true))
    lost = await grid.leader()
    expect(lost.url !== window.base, 'the leadership has just moved to the manager of this page')
    orphan = await Window.open(browser, lost.url)
    await orphan.login(grid.admin)
    await orphan.go('/nodes?sort=name')
    await orphan.count(total)
    await window.expecting(/Failed to load resource/, async () => {
      process.kill(lost.pid, 'SIGKILL')
      grid.dead.add(lost.name)
      await until('the foot names another leader', async () => {
        const text = await foot.innerText()
        return /Leader,|Follower of/.test(text) && !text.includes(`Follower of ${lost.name}`)
      })
    })
    await page.locator('header').getByText('Live', { exact: true }).waitFor()
    expect(await page.evaluate(() => window.untouched === true), 'the page was loaded again')
  })
  await report.check('the page of the killed manager says so, keeps what it has, and leads to another one', async () => {
    await orphan.page.getByText(/This manager has not answered since/).waitFor()
    expect((await orphan.rows()).length === total, 'the rows are gone')
    await orphan.accessible()
    await orphan.picture('manager-lost')
    await orphan.page.locator('.banner').getByRole('link').first().click()
    await orphan.page.waitForURL((url) => url.origin !== lost.url && url.pathname === '/nodes' && url.search === '?sort=name')
    await orphan.count(total)
    await orphan.context.close()
  })
  await report.check('the lost manager shows as offline by itself', async () => {
    await until('its row says so', async () => (await window.row(lost.name).innerText()).includes('Offline'), 40_000)
    await window.picture('leader-lost')
  })
  await report.check('what is wrong stands first, on the overview too', async () => {
    await until('its row is the first', async () => (await window.rows())[0].includes(lost.name))
    await page.getByRole('link', { name: 'Overview' }).first().click()
    await page.getByText(`${lost.name} is offline`).first().waitFor()
    await window.accessible()
    await window.picture('overview-leader-lost')
  })
  await report.check('changes are made again from the same page', async () => {
    const name = `after.${Date.now().toString(36)}`
    await page.getByRole('link', { name: 'Users' }).first().click()
    await page.getByRole('button', { name: 'Create user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill(name)
    await dialog.getByLabel('Password', { exact: true }).fill('a long enough passphrase')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await window.row(name).waitFor()
  })
  await report.check('the console of the browser has nothing to say about it', async () => {
    expect(window.complaints.length === 0, window.complaints.join('\n'))
  })
}
