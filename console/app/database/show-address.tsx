import { Button, Group } from '@mantine/core'
import { CommandLine } from '../../app-shell/command-line.tsx'

/** DATABASE_URL with its password, hidden unless asked for. */
export function ShowAddress(props: {
  readonly url: string | undefined
  readonly pending: boolean
  readonly onShow: () => void
  readonly onHide: () => void
}) {
  return (
    <>
      {props.url !== undefined && <CommandLine command={props.url} label="Copy DATABASE_URL" />}
      <Group>
        <Button
          size="xs"
          variant="default"
          loading={props.pending}
          onClick={props.url === undefined ? props.onShow : props.onHide}
        >
          {props.url === undefined ? 'Show DATABASE_URL' : 'Hide it'}
        </Button>
      </Group>
    </>
  )
}
