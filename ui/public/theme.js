// Sets the colour scheme before the first paint. A file of its own, because the
// content security policy allows nothing inline.
(function () {
  var wanted = null
  try {
    wanted = localStorage.getItem('bcm-color-scheme')
  } catch (_) {
    // storage is closed to us: follow the system
  }
  if (wanted !== 'light' && wanted !== 'dark') {
    wanted = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', wanted)
})()
