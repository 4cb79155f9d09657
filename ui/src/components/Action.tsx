import { Button, Tooltip, type ButtonProps } from '@mantine/core'
import type { ReactNode } from 'react'

interface Props extends ButtonProps {
  children: ReactNode
  onClick: () => void
  /** Why it cannot be done now; it is shown, and the button does nothing. */
  obstacle?: string
}

/** A button that, when it may not be used, stays and says why. */
export function Action({ obstacle, onClick, children, ...rest }: Props) {
  const button = (
    <Button
      variant="default"
      {...rest}
      data-disabled={obstacle !== undefined || undefined}
      aria-disabled={obstacle !== undefined}
      onClick={() => obstacle === undefined && onClick()}
    >
      {children}
    </Button>
  )
  return obstacle === undefined ? button : <Tooltip label={obstacle}>{button}</Tooltip>
}
