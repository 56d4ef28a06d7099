import { Stack, Text } from '@mantine/core'
import { CommandLine } from '../app-shell/command-line.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'

/** What to do with an app that was never released. */
export const FirstRelease = ({ app }: { readonly app: string }) => (
  <Panel title="Nothing released yet" note="The app has its name, its configuration and its address.">
    <PanelBody>
      <Stack gap="sm" maw={560}>
        <Text size="sm">
          Run this in the folder of the program. The page shows the build and then the app, by itself.
        </Text>
        <CommandLine command={`maru deploy --app ${app}`} />
      </Stack>
    </PanelBody>
  </Panel>
)
