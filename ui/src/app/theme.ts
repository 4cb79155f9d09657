import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

/** A colour of the component library made of our tokens: soft, plain, hover. */
function tuple(soft: string, plain: string, hover: string): MantineColorsTuple {
  return [soft, soft, soft, soft, plain, plain, plain, hover, hover, hover]
}

/** The component library, told to use our tokens (tokens.css). */
export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: 6,
  colors: {
    accent: tuple('var(--accent-soft)', 'var(--accent)', 'var(--accent-hover)'),
    danger: tuple('var(--red-soft)', 'var(--danger)', 'var(--danger-hover)'),
  },
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '20px' },
  defaultRadius: '8px',
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '12px', xl: '16px' },
  headings: { fontFamily: 'var(--font)', fontWeight: '640' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    Modal: {
      // Without a transform, lists that drop down in a dialog may reach beyond it.
      defaultProps: { centered: true, radius: 'lg', closeButtonProps: { 'aria-label': 'Close' }, transitionProps: { transition: 'fade', duration: 120 } },
    },
    Drawer: {
      defaultProps: { position: 'right', closeButtonProps: { 'aria-label': 'Close' }, overlayProps: { backgroundOpacity: 0.3 } },
    },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // A second banner beside the top bar would be one too many for screen readers.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    DrawerHeader: { defaultProps: { role: 'presentation' } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300, multiline: true, maw: 280 } },
    // Menus stay where they belong in the page, so that no text is outside of its landmarks.
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-start', withinPortal: false, floatingStrategy: 'fixed', withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: 'md', position: 'bottom-start', withinPortal: false, floatingStrategy: 'fixed' } },
    Select: { defaultProps: { comboboxProps: { shadow: 'md', withinPortal: false, floatingStrategy: 'fixed' } } },
    MultiSelect: { defaultProps: { comboboxProps: { shadow: 'md', withinPortal: false, floatingStrategy: 'fixed' } } },
  },
})

/** Points the component library's own variables at our tokens. */
export const resolver: CSSVariablesResolver = () => {
  const same = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-bright': 'var(--text)',
    '--mantine-color-dimmed': 'var(--muted)',
    '--mantine-color-placeholder': 'var(--muted)',
    '--mantine-color-anchor': 'var(--accent-text)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-error': 'var(--red-text)',
    '--mantine-color-disabled': 'var(--disabled)',
    '--mantine-color-disabled-color': 'var(--disabled-text)',
    '--mantine-color-disabled-border': 'var(--line)',
    '--mantine-color-gray-light-hover': 'var(--hover)',
    '--mantine-color-gray-light-color': 'var(--text-2)',
    '--mantine-color-accent-light': 'var(--accent-soft)',
    '--mantine-color-accent-light-color': 'var(--accent-text)',
    '--mantine-color-danger-light-color': 'var(--red-text)',
    '--mantine-shadow-md': 'var(--shadow-float)',
  }
  return { variables: {}, light: same, dark: same }
}
