import { readFileSync } from 'node:fs'
import { expect, until } from './lib.mjs'

/** The pages by which a grid is operated: groups, tokens, the audit log, the managers, settings. */
export async function operate(report, window, grid) {
  const { page } = window
  const dialog = page.getByRole('dialog')
  const closed = () => until('no dialog is open', async () => (await dialog.count()) === 0)

  await report.check('a group is made with rights out of the matrix, and removed', async () => {
    await window.go('/groups')
    await page.getByRole('button', { name: 'Create a group' }).click()
    await dialog.getByLabel('Name').fill('Night watch')
    await dialog.getByLabel('backups run').check()
    expect(await dialog.getByLabel('backups read').isChecked(), 'who may run backups may not see them')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await closed()
    const group = await grid.ask('GET', '/v1/groups/Night%20watch')
    expect(group.rights.sort().join() === 'backups:read,backups:run', group.rights.join())
    await window.row('Night watch').click()
    await dialog.getByRole('table', { name: 'Rights' }).waitFor()
    await window.accessible()
    await dialog.getByRole('button', { name: 'Remove…' }).click()
    await dialog.getByRole('textbox').fill('Night watch')
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click()
    await until('the group is gone', async () => (await grid.ask('GET', '/v1/groups?q=Night')).total === 0)
    await closed()
  })
  await report.check('a join token shows its command once, and is revoked', async () => {
    await window.go('/tokens')
    await page.getByRole('button', { name: 'Create a join token' }).first().click()
    await dialog.getByLabel('Backup storage').check()
    await dialog.getByLabel('What it is for').fill('e2e rack')
    await dialog.getByRole('button', { name: 'Create' }).click()
    const command = await dialog.locator('.secret code').innerText()
    expect(/^bcm agent --roles backup-manager,backup-storage --join bcm1-a-\S+,\S+:\d+$/.test(command), command)
    await window.accessible()
    await window.picture('join-token')
    await dialog.getByRole('button', { name: 'Done' }).click()
    await closed()
    await window.row('e2e rack').click()
    await dialog.getByRole('button', { name: 'Revoke…' }).click()
    await dialog.getByRole('button', { name: 'Revoke', exact: true }).click()
    await until('it is revoked', async () => (await grid.ask('GET', '/v1/join-tokens?q=e2e')).items[0].revoked)
    await closed()
  })
  await report.check('an API token of a person opens what the person may open', async () => {
    await window.go('/tokens?kind=api')
    await page.getByRole('button', { name: 'Create an API token' }).first().click()
    await dialog.getByLabel('What it is for').fill('e2e script')
    await dialog.getByRole('button', { name: 'Create' }).click()
    const token = await dialog.locator('.secret code').innerText()
    const admin = grid.admin
    grid.admin = { ...admin, token }
    const me = await grid.ask('GET', '/v1/me').finally(() => (grid.admin = admin))
    expect(me.user.name === admin.name, me.user.name)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await closed()
  })
  await report.check('the audit log has what was done, filters it, and verifies its chain', async () => {
    await window.go('/audit')
    await page.getByRole('button', { name: 'Verify the chain' }).click()
    await page.getByText(/All [\d,]+ rows are as they were written/).waitFor()
    await window.search('Night watch')
    const { total } = await grid.ask('GET', '/v1/events?q=Night%20watch')
    expect(total >= 2, `${total} events tell of the group`)
    await window.count(total)
    await window.row('Group removed').click()
    await dialog.getByText('group.remove').waitFor()
    await window.accessible()
    await window.picture('audit-event')
    await dialog.getByRole('button', { name: 'All of this kind' }).click()
    await closed()
    await until('only removals are left', async () => (await window.rows()).every((line) => line.includes('Group removed')))
    expect(page.url().includes('action=group.remove'), page.url())
  })
  await report.check('the leadership goes to the manager that was chosen', async () => {
    await window.go('/cluster')
    await page.getByRole('heading', { name: 'Cluster', exact: true }).waitFor()
    const before = await grid.leaderName()
    const next = grid.managers.find((manager) => manager.name !== before)
    await page.getByRole('row', { name: next.name }).getByRole('button', { name: 'Let it lead…' }).click()
    await dialog.getByRole('button', { name: 'Transfer' }).click()
    await closed()
    await until(`${next.name} leads`, async () => (await grid.leaderName()) === next.name)
    await page.getByText(`${next.name} leads`, { exact: false }).first().waitFor()
  })
  await report.check('a snapshot of the state is saved to a file', async () => {
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save a snapshot' }).click()
    const file = await saved
    expect(/^bcm-.*\.snapshot$/.test(file.suggestedFilename()), file.suggestedFilename())
    const begin = readFileSync(await file.path()).subarray(0, 200).toString('latin1')
    expect(begin.length === 200 && !/^[<{]/.test(begin), `the file begins with ${begin.slice(0, 60)}`)
  })
  await report.check('a setting is changed in days, and kept', async () => {
    await window.go('/settings')
    const field = page.getByLabel('Verify each repository every')
    const before = await field.inputValue()
    for (const [typed, kept] of [['14d', '336h0m0s'], [before, undefined]]) {
      await field.fill(typed)
      await page.getByRole('button', { name: 'Save' }).click()
      await until('it is saved', async () => {
        const { maintenance } = await grid.ask('GET', '/v1/settings')
        return kept ? maintenance.verify_every === kept : maintenance.verify_every !== '336h0m0s'
      })
    }
  })
  await report.check('a backup is pinned, cannot be deleted then, and is let go again', async () => {
    const { items } = await grid.ask('GET', '/v1/backups?status=succeeded&limit=1')
    if (items.length === 0) return
    await window.go(`/backups/${items[0].id}`)
    await page.getByRole('button', { name: 'Pin', exact: true }).click()
    await page.getByRole('button', { name: 'Unpin…' }).waitFor()
    // another manager may be asked, which hears of it a moment later
    await until('it is pinned', async () => (await grid.ask('GET', `/v1/backups/${items[0].id}`)).pinned)
    expect((await page.getByRole('button', { name: 'Delete…' }).getAttribute('aria-disabled')) === 'true', 'a pinned backup may be deleted')
    await page.getByRole('button', { name: 'Unpin…' }).click()
    await dialog.getByRole('button', { name: 'Unpin', exact: true }).click()
    await closed()
    await page.getByRole('button', { name: 'Pin', exact: true }).waitFor()
  })
}
