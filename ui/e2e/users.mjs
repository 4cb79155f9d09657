import { expect, until } from './lib.mjs'

/** The life of a user: made, found, disabled, removed. */
export async function users(report, window, grid) {
  const { page } = window
  const name = `e2e.${Date.now().toString(36)}`
  const password = 'a long enough passphrase'
  let id = ''

  await report.check('a weak password is refused beside its field, and nothing is made', async () => {
    await page.getByRole('link', { name: 'Users' }).first().click()
    await page.getByRole('button', { name: 'Create user' }).click()
    await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(name)
    await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill('short')
    await window.expecting(/422/, async () => {
      await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
      await page.getByRole('dialog').locator('.mantine-InputWrapper-error').waitFor()
    })
    expect((await grid.ask('GET', `/v1/users?q=${name}`)).total === 0, 'the user exists')
  })
  await report.check('a user is made with name, password and group', async () => {
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Password', { exact: true }).fill(password)
    await dialog.getByPlaceholder('Choose groups').click()
    await dialog.getByRole('option', { name: 'Operators' }).click()
    await page.keyboard.press('Escape')
    await window.picture('user-create')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await dialog.waitFor({ state: 'hidden' })
    const row = window.row(name)
    await row.waitFor()
    const line = await row.innerText()
    expect(line.includes('Operators') && line.includes('Enabled'), line)
    id = await row.getAttribute('data-id')
  })
  await report.check('the user is found by name and by ID', async () => {
    for (const text of [name, id]) {
      await window.search(text)
      await window.count(1)
      await window.row(name).waitFor()
    }
  })
  await report.check('the user may log in, and is not offered what operators may not do', async () => {
    const context = await page.context().browser().newContext({ ignoreHTTPSErrors: true })
    const other = await context.newPage()
    await other.goto(`${window.base}/login?next=/users`)
    await other.getByLabel('Name').fill(name)
    await other.getByLabel('Password', { exact: true }).fill(password)
    await other.getByRole('button', { name: 'Log in' }).click()
    const create = other.getByRole('button', { name: 'Create user' })
    await create.waitFor()
    expect((await create.getAttribute('aria-disabled')) === 'true', 'an operator is offered to create users')
    await other.locator('header').getByText('Live', { exact: true }).waitFor()
    await context.close()
  })
  await report.check('the user is disabled', async () => {
    await window.row(name).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('dialog').getByText('Disabled', { exact: true }).waitFor()
    await window.accessible()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    const user = await grid.ask('GET', `/v1/users/${id}`)
    expect(user.enabled === false, 'the server has the user enabled')
  })
  await report.check('a filter by disabled finds the user, and by enabled does not', async () => {
    await window.search('')
    await window.filter('Status', 'Disabled')
    await window.row(name).waitFor()
    expect((await window.rows()).every((line) => line.includes('Disabled')), 'an enabled user is listed')
    expect(page.url().includes('enabled=false'), page.url())
    await window.picture('users-disabled')
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await window.filter('Status', 'Enabled')
    await window.row(name).waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
  })
  await report.check('what happens elsewhere shows up by itself', async () => {
    const made = await grid.ask('POST', '/v1/users', { name: `${name}.b`, password, groups: ['Auditors'] })
    await window.row(`${name}.b`).waitFor()
    await grid.ask('DELETE', `/v1/users/${made.id}`)
    await until('the row is gone', async () => (await window.row(`${name}.b`).count()) === 0)
  })
  await report.check('the user is removed, after the name was typed', async () => {
    await window.row(name).click()
    await page.getByRole('button', { name: 'Remove…' }).click()
    const confirm = page.getByRole('button', { name: 'Remove', exact: true })
    expect(await confirm.isDisabled(), 'one click would remove')
    await page.getByLabel(/to confirm/).fill(name)
    await window.accessible()
    await window.picture('user-remove')
    await confirm.click()
    await page.getByRole('dialog').first().waitFor({ state: 'hidden' })
    await until('the row is gone', async () => (await window.row(name).count()) === 0)
    expect((await grid.ask('GET', `/v1/users?q=${name}`)).total === 0, 'the server still has the user')
  })
}
