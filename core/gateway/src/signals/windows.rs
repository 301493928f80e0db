use super::Signal;
use crate::manager::Manager;
use std::io;
use tokio::{
    signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown},
    sync::mpsc::UnboundedReceiver,
};

/// Where orders come from.
#[derive(Debug)]
pub(crate) enum Signals {
    Console(Console),
    /// A console's orders reach a service too, at the end of the system; the SCM's came before that.
    Scm(UnboundedReceiver<Signal>),
}

/// Orders to stop that a console process gets.
#[derive(Debug)]
pub(crate) struct Console {
    c: CtrlC,
    r#break: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
}

impl Signals {
    /// From now on the orders end the process no longer by themselves.
    pub(crate) fn listen(manager: &Manager) -> io::Result<Self> {
        Ok(match manager.orders() {
            Some(orders) => Self::Scm(orders),
            None => Self::Console(Console::listen()?),
        })
    }

    /// Waits for the next order.
    pub(crate) async fn next(&mut self) -> Signal {
        match self {
            Self::Console(console) => console.next().await,
            Self::Scm(orders) => match orders.recv().await {
                Some(order) => order,
                // Nobody is left who could give one.
                None => std::future::pending().await,
            },
        }
    }
}

impl Console {
    fn listen() -> io::Result<Self> {
        Ok(Self { c: ctrl_c()?, r#break: ctrl_break()?, close: ctrl_close()?, shutdown: ctrl_shutdown()? })
    }

    async fn next(&mut self) -> Signal {
        Signal::Stop(tokio::select! {
            _ = self.c.recv() => "Ctrl-C",
            _ = self.r#break.recv() => "Ctrl-Break",
            _ = self.close.recv() => "close",
            _ = self.shutdown.recv() => "shutdown",
        })
    }
}
