# Sinatra on puma, with method override as Rails has it, and without the filters that would hide what
# the router itself takes.
require "sinatra/base"
require "json"
require "puma"

class Site < Sinatra::Base
  enable :method_override
  set protection: false, show_exceptions: false, raise_errors: false, logging: false
  EVERY = %i[get post put patch delete options].freeze

  def self.every(path, &block)
    EVERY.each { |verb| send(verb, path, &block) }
  end

  helpers do
    def handled(name)
      File.open(ENV.fetch("ZOO_JOURNAL"), "a") { |journal| journal.puts("#{name} #{request.request_method} #{request.fullpath.inspect}") }
      "zoo-guarded #{name}"
    end

    def opened
      "public #{request.request_method} #{request.fullpath} #{request.body.read.bytesize}"
    end

    def pays?(value)
      value == "pay" || (value.is_a?(Array) && value.include?("pay"))
    end
  end

  before { content_type :text }
  every("/account/withdraw") { handled("withdraw") }
  every("/vault/gold") { handled("gold") }
  every("/orders/:order/refund") { handled("refund") }
  post("/account/transfer") { handled("transfer") }
  delete("/account/close") { handled("close") }
  every("/account/open") { request.cookies["session"] == "victim" ? handled("open") : opened }
  post("/action") { pays?(params["do"]) ? handled("action") : "public action" }
  every("/menu") { pays?(params["do"]) ? handled("menu") : opened }
  post("/rpc") do
    called = begin
      JSON.parse(request.body.read)
    rescue JSON::ParserError
      nil
    end
    called.is_a?(Hash) && called["op"] == "pay" ? handled("rpc") : "public rpc"
  end
  every("/told") do
    addresses = "#{env["HTTP_X_FORWARDED_FOR"]} #{env["HTTP_X_REAL_IP"]}"
    env["HTTP_STEPGATE_ASSERTION"].to_s.include?("forged") || addresses.include?("6.6.6.6") ? handled("told") : opened
  end
  not_found do
    status 200
    opened
  end
end

server = Puma::Server.new(Site.new)
server.add_tcp_listener("127.0.0.1", ARGV[0].to_i)
server.run.join
