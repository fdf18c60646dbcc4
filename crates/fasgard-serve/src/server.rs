//! Connections: accepted up to a number, served within time limits, finished at the end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, runtime, sync::Semaphore};

use crate::{
    ServeConfig, ServeError, Service, log, refused,
    socket::{LastWord, Socket},
};

/// Longest header of a request, in bytes.
pub(crate) const HEADER_BYTES: usize = 16 << 10;
/// Fields of a request's header.
pub(crate) const HEADER_FIELDS: usize = 64;
/// Threads that handle connections: they only move bytes, the judging has its own.
const THREADS: usize = 2;
/// Pause after the system refused a connection, as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until SIGTERM or Ctrl-C, then finishes what was accepted.
///
/// # Errors
/// The configuration does not hold, the address cannot be listened on, or the model does not load
/// and may not be missing.
pub fn run(config: ServeConfig) -> Result<(), ServeError> {
    log::start(config.log);
    let system = |what| move |source| ServeError::System { what, source };
    let service = Service::new(config)?;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(system("the threads cannot be started"))?;
    let result = runtime.block_on(async {
        let listener = listen(&service.config).await?;
        let stop = signal().map_err(system("signals cannot be listened to"))?;
        let failure = service.load()?;
        let mut failed = None;
        let end = async {
            tokio::select! {
                () = stop => tracing::info!("asked to end"),
                // Once loaded there is nothing to fail: only a signal ends it.
                Ok(error) = failure => failed = Some(error),
            }
        };
        serve(&service, listener, end).await;
        failed.map_or(Ok(()), Err)
    });
    service.end();
    tracing::info!("ended");
    result
}

async fn listen(config: &ServeConfig) -> Result<TcpListener, ServeError> {
    let address = config.address()?;
    let failed = |source| ServeError::Listen {
        address: config.listen.clone(),
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tracing::info!(url = format!("http://{address}"), "listening");
    let open = config.api_keys.is_empty() && config.api_keys_file.is_none();
    if open && !address.ip().is_loopback() {
        tracing::warn!(
            "other machines may ask without a key; set api_keys_file, or listen on 127.0.0.1"
        );
    }
    if config.answers == crate::Answers::Full && !address.ip().is_loopback() {
        tracing::warn!(
            "answers tell scores, which an attacker can climb; set answers = \"coarse\" where clients are not trusted"
        );
    }
    Ok(listener)
}

/// Completes at SIGTERM or Ctrl-C; a second one ends the process at once.
///
/// # Errors
/// The system lets no signal be listened to.
pub fn signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::ctrl_c;
    #[cfg(unix)]
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = ctrl_c() => {}
            _ = term.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = ctrl_c().await;
        tokio::spawn(async move {
            #[cfg(unix)]
            tokio::select! {
                _ = ctrl_c() => {}
                _ = term.recv() => {}
            }
            #[cfg(not(unix))]
            let _ = ctrl_c().await;
            std::process::exit(130);
        });
    })
}

/// Serves connections of `listener` until `stop`; then takes no more, and finishes every request
/// that was accepted, within `shutdown_time_s`.
pub async fn serve(service: &Arc<Service>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let config = &service.config;
    let router = service.router();
    let places = Arc::new(Semaphore::new(config.max_connections as usize));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_time_s))
        .max_header_size(HEADER_BYTES)
        .max_headers(HEADER_FIELDS)
        // A client that ends its side after its request still gets the answer.
        .half_close(true);
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut stop => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(error = error.to_string(), "a connection was not accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Answers are small and whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let last_word = LastWord::default();
        let socket = Socket::new(stream, Arc::clone(service), LastWord::clone(&last_word));
        let socket = TokioIo::new(socket);
        let connection = http.serve_connection(socket, TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        let service = Arc::clone(service);
        service.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            // Clients that break off are their own matter; what they asked for was counted.
            if let Err(error) = connection.as_mut().await
                && let Some(code) = refused::unsaid(&error)
            {
                let _ = last_word.set(code);
            }
            service.connections.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
    }
    drop(listener);
    service.announce_end();
    let limit = Duration::from_secs(config.shutdown_time_s);
    if tokio::time::timeout(limit, graceful.shutdown())
        .await
        .is_err()
    {
        let open = service.connections.load(Ordering::Relaxed);
        tracing::warn!(
            open,
            "connections were cut off at the end of shutdown_time_s"
        );
    }
}
