import { expect, Window } from './lib.mjs'

/** A change that needs two people: the one who asked cannot grant it, another one can. */
export async function approvals(report, window, grid, browser, manager) {
  const { page } = window
  const dialog = page.getByRole('dialog')
  const second = { name: `second-${Date.now().toString(36)}`, password: 'a-long-password-for-one-run' }
  const other = await Window.open(browser, manager.url)
  await grid.ask('POST', '/v1/users', { ...second, groups: ['Superusers'] })
  try {
    await grid.ask('PATCH', '/v1/settings', { approval: { required: true } })
    await steps()
  } finally {
    await other.context.close()
    await grid.ask('DELETE', `/v1/users/${second.name}`).catch(() => {})
  }

  async function steps() {
    const task = (await grid.ask('GET', '/v1/tasks?q=files')).items[0]
    const backup = (await grid.ask('GET', `/v1/backups?task=${task.name}&status=succeeded&limit=1`)).items[0]
    await report.check('who asked for a change sees that another user must grant it', async () => {
      await grid.ask('DELETE', `/v1/backups/${backup.id}`)
      await page.getByRole('link', { name: 'Approvals' }).first().click()
      await window.row('Waiting').first().click()
      await dialog.getByText(backup.id).first().waitFor()
      expect((await dialog.getByRole('button', { name: 'Grant…' }).getAttribute('aria-disabled')) === 'true', 'it could be granted by who asked')
      await window.accessible()
      await window.picture('approval')
      await page.keyboard.press('Escape')
    })
    await report.check('another one denies it, and it stays as it is', async () => {
      await other.login(second)
      await other.go('/approvals?status=pending')
      await other.row('Waiting').first().click()
      await other.page.getByRole('button', { name: 'Deny…' }).click()
      await other.page.getByRole('dialog', { name: 'Deny 1 change?' }).getByRole('button', { name: 'Deny' }).click()
      await other.page.getByRole('dialog').getByText('Denied').waitFor()
      expect((await grid.ask('GET', `/v1/backups/${backup.id}?consistent`)).status === 'succeeded', 'the backup is gone')
    })
    await report.check('another one grants the end of this rule, which is made at once', async () => {
      await grid.ask('PATCH', '/v1/settings', { approval: { required: false } })
      await other.go('/approvals?status=pending')
      await other.row('Waiting').first().click()
      await other.page.getByRole('button', { name: 'Grant…' }).click()
      await other.page.getByRole('dialog', { name: 'Grant 1 change?' }).getByRole('button', { name: 'Grant' }).click()
      await other.page.getByRole('dialog').getByText('Granted').waitFor()
      expect((await grid.ask('GET', '/v1/settings?consistent')).approval.required === false, 'the rule still holds')
      expect(other.complaints.length === 0, other.complaints.join('\n'))
    })
  }
}
