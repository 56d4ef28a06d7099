import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { CheckIcon, CopyIcon } from '@radix-ui/react-icons'
import classes from './command-line.module.css'

/** A command to copy into a terminal. */
export function CommandLine({ command, label }: { readonly command: string; readonly label?: string }) {
  return (
    <div className={classes.line}>
      <code className={classes.code}>{command}</code>
      <CopyButton value={command} timeout={1500}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={label ?? `Copy ${command}`}>
              {copied ? <CheckIcon aria-hidden /> : <CopyIcon aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  )
}
