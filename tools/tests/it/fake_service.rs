//! A service as small as `bff` can tell from a real one: configuration, import, health, the end with standard input; and
//! one answer to every GraphQL request, from `few.json` or `many.json`, as its variables say.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::exit,
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let name = arguments[0].rsplit('/').next().unwrap_or_default().to_owned();
    let mut config = BTreeMap::new();
    let mut commands = Vec::new();
    let mut rest = arguments.into_iter().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--config" => {
                let text =
                    rest.next().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
                config.extend(text.lines().filter_map(pair));
            }
            "--set" => config.extend(rest.next().as_deref().and_then(pair)),
            "--profile" => {
                rest.next();
            }
            _ => commands.push(argument),
        }
    }
    let variable = format!("{}__LISTEN", name.to_ascii_uppercase());
    #[expect(clippy::disallowed_methods, reason = "stands in for the configuration of a real service")]
    if let Ok(listen) = std::env::var(variable) {
        config.insert("listen".to_owned(), listen);
    }
    if config.contains_key("wrong") {
        eprintln!("{name}: 1 problem in the configuration\n  unknown key `wrong`");
        exit(64);
    }
    match commands.first().map(String::as_str) {
        Some("--print-config") => {
            for (key, value) in &config {
                println!("{key} = \"{value}\"");
            }
        }
        Some("import") => {
            println!("importing {}", commands[1..].join(" "));
            let log = std::fs::OpenOptions::new().create(true).append(true).open(".run/imported");
            let written = log.and_then(|mut log| writeln!(log, "{name} {}", commands.len() - 1));
            exit(i32::from(written.is_err()));
        }
        _ => serve(&name, &config, commands.iter().any(|command| command == "--stop-with-stdin")),
    }
}

/// `key = "value"` or `key=value`.
fn pair(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
}

fn serve(name: &str, config: &BTreeMap<String, String>, stop_with_stdin: bool) {
    if stop_with_stdin {
        let name = name.to_owned();
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            // Whoever read this may be gone.
            let _ = writeln!(std::io::stdout(), "{name} says goodbye");
            exit(0);
        });
    }
    if let Some(admin) = config.get("admin").and_then(|address| TcpListener::bind(address).ok()) {
        std::thread::spawn(move || admin.incoming().flatten().for_each(answer));
    }
    match config.get("listen").map(TcpListener::bind) {
        Some(Ok(listener)) => {
            println!("{name} is listening");
            listener.incoming().flatten().for_each(answer);
        }
        _ => exit(1),
    }
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(&stream);
    let head: Vec<String> =
        reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let first = head.first().cloned().unwrap_or_default();
    if first.contains("/die") {
        eprintln!("these are my last words");
        exit(3);
    }
    let body = if first.contains("/dev/token?user=us-1") {
        r#"{"access_token":"t0ken"}"#.to_owned()
    } else if first.contains("/graphql") {
        let length = head
            .iter()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut asked = String::new();
        let _ = reader.take(length.unwrap_or(0)).read_to_string(&mut asked);
        let file = if asked.contains("\"many\"") { "many.json" } else { "few.json" };
        std::fs::read_to_string(file).unwrap_or_default()
    } else {
        "{}".to_owned()
    };
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
}
