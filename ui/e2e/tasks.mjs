import { expect, until } from './lib.mjs'

/** Tasks and schedules: made, previewed, run, paused, removed. */
export async function tasks(report, window, grid) {
  const { page } = window
  const name = `e2e-task-${Date.now().toString(36)}`
  const when = `e2e-when-${Date.now().toString(36)}`
  const drawer = page.getByRole('dialog')
  const client = (await grid.ask('GET', '/v1/clients?limit=1')).items[0]?.name ?? (await grid.ask('POST', '/v1/clients', { name: 'e2e' })).name

  await report.check('a schedule is made, and its next ten runs are shown before', async () => {
    await page.getByRole('link', { name: 'Schedules' }).first().click()
    await page.getByRole('button', { name: 'New schedule' }).click()
    await drawer.getByLabel('Name').fill(when)
    await drawer.getByRole('textbox', { name: 'At' }).fill('03:15')
    await until('ten runs at 03:15', async () => {
      const slots = await drawer.getByRole('list', { name: 'Next runs' }).getByRole('listitem').allInnerTexts()
      return slots.length === 10 && slots.every((slot) => slot.includes('03:15'))
    })
    await window.accessible()
    await window.picture('schedule-new')
    await drawer.getByRole('button', { name: 'Make schedule' }).click()
    await drawer.getByText('daily at 03:15').waitFor()
    expect((await grid.ask('GET', `/v1/schedules/${when}?consistent`)).calendar[0].at[0] === '03:15', 'the server has another time')
  })
  await report.check('a schedule is paused and resumed', async () => {
    await drawer.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByRole('dialog', { name: `Pause ${when}` }).getByRole('button', { name: 'Pause' }).click()
    await drawer.getByText('Paused until somebody resumes it').waitFor()
    await window.picture('schedule-paused')
    await drawer.getByRole('button', { name: 'Resume' }).click()
    await drawer.getByRole('button', { name: 'Pause', exact: true }).waitFor()
    await page.keyboard.press('Escape')
  })
  await report.check('a task is made; what is missing is said first', async () => {
    await page.getByRole('link', { name: 'Tasks' }).first().click()
    await page.getByRole('button', { name: 'New task' }).click()
    await drawer.getByRole('button', { name: 'Make task' }).click()
    await drawer.getByText('A task needs a name').waitFor()
    await drawer.getByLabel('Name', { exact: true }).fill(name)
    await drawer.getByPlaceholder('Choose a client').click()
    await page.getByRole('option', { name: client, exact: true }).click()
    await drawer.getByLabel('Paths').fill('/usr/share/zoneinfo')
    await drawer.getByPlaceholder('Only by hand').click()
    await page.getByRole('option', { name: when }).click()
    await drawer.getByRole('list', { name: 'Next runs' }).waitFor()
    await window.accessible()
    await window.picture('task-new')
    await drawer.getByRole('button', { name: 'Make task' }).click()
    await drawer.getByText('There are no backups to keep yet.').waitFor()
    await window.accessible()
  })
  await report.check('it is run from its drawer, and the list tells of the result by itself', async () => {
    await drawer.getByRole('button', { name: 'Run now' }).click()
    await drawer.getByText('Succeeded').waitFor({ timeout: 90_000 })
    await window.picture('task-drawer')
    await page.keyboard.press('Escape')
    await window.search(name)
    await window.count(1)
    await window.row('Succeeded').waitFor()
    await window.picture('tasks')
  })
  await report.check('what another retention would keep is shown before it is saved', async () => {
    await grid.ask('PATCH', `/v1/tasks/${name}`, { retention: { last: 5 } })
    await grid.ask('POST', '/v1/backups', { task: name })
    await until('a second backup is there', async () => (await grid.ask('GET', `/v1/backups?task=${name}&status=succeeded`)).total === 2, 90_000)
    await window.row(name).click()
    await drawer.getByRole('button', { name: 'Change' }).click()
    await drawer.getByLabel('Newest').fill('1')
    await drawer.getByText(/1 backup stays, 1 backup \(.*\) goes\./).waitFor()
    await drawer.getByText('goes: no rule keeps it').waitFor()
    await window.picture('task-retention')
    await drawer.getByRole('button', { name: 'Cancel' }).click()
    expect((await grid.ask('GET', `/v1/tasks/${name}?consistent`)).retention.last === 5, 'a preview changed the task')
  })
  await report.check('it is disabled, enabled, and removed after its name was typed', async () => {
    await drawer.getByRole('button', { name: 'Disable' }).click()
    await drawer.getByRole('button', { name: 'Enable' }).click()
    await drawer.getByRole('button', { name: 'Disable' }).waitFor()
    await drawer.getByRole('button', { name: 'Remove…' }).click()
    await page.getByLabel(/to confirm/).fill(name)
    await page.getByRole('dialog', { name: `Remove ${name}?` }).getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByText('No task matches these filters').waitFor()
    await grid.ask('DELETE', `/v1/schedules/${when}`)
  })
}
